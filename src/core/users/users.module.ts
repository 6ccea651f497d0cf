import { Module } from '@nestjs/common';
import { MongooseModule } from '@nestjs/mongoose';
import { ImagesModule } from '../../platform/images/images.module.js';
import { USER_MODEL, userSchema } from './user.schema.js';
import { UsersRepository } from './users.repository.js';

@Module({
  imports: [ImagesModule, MongooseModule.forFeature([{ name: USER_MODEL, schema: userSchema }])],
  providers: [UsersRepository],
  exports: [UsersRepository, ImagesModule],
})
export class UsersModule {}
