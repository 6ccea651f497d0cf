import { Schema } from 'mongoose';
import { type ObjectId } from '../../platform/database/object-id.js';
import { type PictureEntity } from '../../platform/images/picture-files.js';

export const SITE_MODEL = 'Site';

/** A postal address, as far as its country has these parts. */
export interface Address {
  /** street, house, building, floor, room: as they are written on a letter */
  lines: string[];
  region?: string | undefined;
  postcode?: string | undefined;
  /** ISO 3166-1 alpha-2 */
  country?: string | undefined;
}

/** What its owner says of a site. */
export interface SiteDetails {
  /** whom to ask */
  contact?: string | undefined;
  address?: Address | undefined;
  location?: { longitude: number; latitude: number } | undefined;
  notes?: string | undefined;
}

/** A place that holds probes as its instruments. Its name is what probes and others know it by, and never changes. */
export interface SiteEntity extends SiteDetails {
  _id: ObjectId;
  name: string;
  /** of the name: the same for names that people would take for each other */
  key: string;
  owner: ObjectId;
  photo?: PictureEntity;
  /** its owner is gone, and what told who that was: superusers alone change it from then on */
  emptied_at?: Date;
  /** for If-Match */
  revision: number;
  created_at: Date;
  updated_at: Date;
  /** counts what came to it and left it: who brings a probe and who deletes the site meet here */
  moves?: number;
}

const parts = { _id: false, minimize: false } as const;

export const siteSchema = new Schema<SiteEntity>(
  {
    name: { type: String, required: true },
    key: { type: String, required: true },
    owner: { type: Schema.Types.ObjectId, required: true },
    contact: String,
    address: new Schema<Address>(
      { lines: { type: [String], required: true }, region: String, postcode: String, country: String },
      parts,
    ),
    location: new Schema({ longitude: Number, latitude: Number }, parts),
    notes: String,
    photo: Schema.Types.Mixed,
    emptied_at: Date,
    revision: { type: Number, required: true },
    created_at: { type: Date, required: true },
    updated_at: { type: Date, required: true },
    moves: Number,
  },
  { collection: 'sites', versionKey: false },
);

// one site of a name; two that are made at once: one of them loses here
siteSchema.index({ key: 1 }, { unique: true });
// an owner's sites, in order of creation
siteSchema.index({ owner: 1, _id: 1 });
// sites of a country
siteSchema.index({ 'address.country': 1, _id: 1 }, { sparse: true });
